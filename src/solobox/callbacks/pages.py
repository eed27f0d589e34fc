"""TensorBoard's Custom Scalars: pages for the losses, their balance, and the metrics."""

from lightning import Callback, LightningModule, Trainer

from solobox.engine.logger import tensorboards

PAGES = {
    "Losses": {
        "training losses, as they are": ["loss/classification", "loss/localisation"],
        "effective weights": ["balance/weight_class", "balance/weight_box"],
    },
    "Balance": {
        "pull at the shared features": ["balance/pull_class", "balance/pull_box"],
        "share of the box": ["balance/share_box"],
        "cosine of both gradients": ["balance/cosine"],
        "effective weights": ["balance/weight_class", "balance/weight_box"],
        "gradient norms, unweighted": ["balance/norm_class", "balance/norm_box"],
        "part of the images that trains": ["balance/active_class", "balance/active_box"],
        "part of the box gradient from inliers (IoU >= .5)": ["balance/inliers"],
    },
    "Metrics": {
        "class and box (validation)": ["val/loc_50", "val/loc_70"],
        "each alone (validation)": ["val/acc", "val/gt_known_50"],
        "mean IoU (validation)": ["val/iou"],
    },
}


class Pages(Callback):
    """Lays the pages out when training starts."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say which curves share a chart, and which charts a page."""
        layout = {
            page: {chart: ["Multiline", tags] for chart, tags in charts.items()}
            for page, charts in PAGES.items()
        }
        for logger in tensorboards(trainer):
            logger.experiment.add_custom_scalars(layout)
