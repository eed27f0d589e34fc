"""An image with its box, class and confidence."""

from PIL import Image, ImageDraw, ImageFont

from solobox.inference.answer import Answer

# Colour-blind safe (Okabe and Ito, 2008), dark enough for white letters.
COLOURS = ((213, 94, 0), (0, 114, 178), (0, 158, 115), (204, 121, 167), (120, 94, 10), (80, 80, 80))


def drawn(image: Image.Image, answer: Answer) -> Image.Image:
    """A copy of an upright RGB image with what was found in it."""
    picture = image.copy()
    ink = ImageDraw.Draw(picture)
    letter = max(11, round(max(image.size) / 40))
    line = max(1, letter // 5)
    colour = COLOURS[list(answer.probabilities).index(answer.label) % len(COLOURS)]
    left, top, right, bottom = answer.box
    right, bottom = max(left, right - 1), max(top, bottom - 1)  # the last pixel inside
    ink.rectangle((left, top, right, bottom), outline=colour, width=line)

    text, font = f"{answer.label} {answer.probability:.2f}", ImageFont.load_default(letter)
    _, _, wide, high = ink.textbbox((0, 0), text, font=font)
    x = min(left, max(0, image.width - wide - 2 * line))
    y = top - high - 2 * line if top > high + 2 * line else top  # above the box, or in it
    ink.rectangle((x, y, x + wide + 2 * line, y + high + 2 * line), fill=colour)
    ink.text((x + line, y + line), text, fill="white", font=font)
    return picture
