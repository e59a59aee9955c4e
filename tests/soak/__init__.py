"""What takes minutes to show: promises held under load, kills and time. Run by `make soak`."""
