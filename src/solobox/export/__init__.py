"""A trained model for programs that know neither solobox nor, for most formats, torch."""
