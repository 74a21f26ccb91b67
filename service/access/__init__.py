"""Who may call: keys, sessions of the page, hosts and origins."""
