"""The parts of the main window: its commands, bars, docks and tabs."""
