"""What a model predicts about a tuple. A form of head names its task, which stands here."""
