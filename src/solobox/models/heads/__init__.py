"""From a feature map to K + 4 outputs."""
