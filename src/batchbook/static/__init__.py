"""The files that browsers load: one stylesheet, ES modules without a build step, pictures."""
