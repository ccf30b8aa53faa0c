"""What a reading over an interface is made of: who asks, page after page, window after window, rows out of documents (接口取数)."""
