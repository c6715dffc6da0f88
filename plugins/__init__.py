"""The built-in plugins. They have no privileges: the host finds them as it finds any other."""
