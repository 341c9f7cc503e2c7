"""kubeproof.toml: what the architecture says, independent of the manifests."""
