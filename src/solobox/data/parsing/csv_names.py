"""What people call the columns of a table of boxes."""

# As they are compared: in lower case, letters and digits alone. The first one that is there counts.
IMAGE = (
    "filename", "file", "filepath", "imagepath", "imgpath", "path", "imagename", "imgname",
    "imagefile", "imgfile", "image", "img", "picture", "photo", "imageid", "imgid", "name",
)  # fmt: skip
CLASS = (
    "classname", "labelname", "categoryname", "class", "label", "category", "target", "species",
    "breed", "name", "classid", "labelid", "categoryid",
)  # fmt: skip
SPLIT = ("split", "set", "subset")
SIDES = (
    "bboxwidth bboxheight", "boxwidth boxheight", "bboxw bboxh", "bw bh", "w h", "width height",
)  # fmt: skip
CENTRES = (
    "xcenter ycenter", "xcentre ycentre", "centerx centery", "centrex centrey", "cx cy", "xc yc",
    "bboxcx bboxcy",
)  # fmt: skip
TOP_LEFTS = ("xmin ymin", "left top", "bboxx bboxy", "bboxleft bboxtop", "x1 y1", "x0 y0")
BOXES = {
    "corners": (
        "xmin ymin xmax ymax", "x0 y0 x1 y1", "x1 y1 x2 y2", "left top right bottom",
        "minx miny maxx maxy", "bboxxmin bboxymin bboxxmax bboxymax",
        "bboxx1 bboxy1 bboxx2 bboxy2", "roix1 roiy1 roix2 roiy2",
    ),
    "centre": tuple(f"{centre} {sides}" for centre in CENTRES for sides in SIDES),
    "top_left": tuple(f"{corner} {sides}" for corner in TOP_LEFTS for sides in SIDES),
    "plain": tuple(f"x y {sides}" for sides in SIDES),
}  # fmt: skip
SAID = {
    "corners": "boxes as corners",
    "centre": "boxes as centre and size",
    "top_left": "boxes as top left corner and size",
    "plain": "boxes with x, y as the centre (data.format.box=top_left where it is the corner)",
}
SIZES = (
    "imagewidth imageheight", "imgwidth imgheight", "imagew imageh", "imgw imgh", "width height",
)  # fmt: skip
