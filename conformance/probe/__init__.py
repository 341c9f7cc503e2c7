"""What the probe image carries into the cluster."""
