"""The page in the browser: its modules, and what builds one HTML file of them."""
