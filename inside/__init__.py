"""Inside the network: what carries the cheese, what carries the corner, and what happens when it is changed."""
