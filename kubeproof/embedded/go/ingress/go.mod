module kubeproof.invalid/cluster/ingress

go 1.26.3

require github.com/projectcontour/contour v1.33.8
