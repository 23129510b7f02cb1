"""Facts of pipelines beside answers: what they say, reading them from reports, where they and ratings disagree."""
