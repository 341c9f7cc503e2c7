"""What is promised: rendered manifests and the intent of the profile, as frozen values."""
