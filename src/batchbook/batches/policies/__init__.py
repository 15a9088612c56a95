"""Policies of batch types: what must hold before a batch is executed, as the type declares it or administrators set it."""
