"""What can be proved of manifests without a cluster: one rule a law, each a pure function of what is declared."""
