"""The batch types that Batchbook ships. Each uses the public API only, as a plug-in would."""
