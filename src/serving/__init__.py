"""What both services share: settings, problems, logs, health, and a waitress that drains."""
