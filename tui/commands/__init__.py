"""What each command does. Each module imports what it needs when it runs; none imports a terminal library."""
