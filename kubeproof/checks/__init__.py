"""One module an area, each with its checks and the judges of them."""
