"""Pictures in and out of the window: clipboard, drag and drop, exports, colour profiles."""
