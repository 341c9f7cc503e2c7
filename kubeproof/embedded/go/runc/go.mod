module kubeproof.invalid/cluster/runc

go 1.26.3

require github.com/opencontainers/runc v1.4.3
