collect_ignore = ["app"]  # a function app: the host loads it, with its folder on the path
