module kubeproof.invalid/cluster/metrics

go 1.26.3

require sigs.k8s.io/metrics-server v0.7.2
