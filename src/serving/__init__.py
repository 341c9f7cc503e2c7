"""What both services share: settings, problems, logs, health, metrics, and a waitress that drains."""

__version__ = "0.1.0"
