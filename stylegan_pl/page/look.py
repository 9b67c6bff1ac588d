"""The theme of the page: system fonts, one colour, no resources from other servers."""

from typing import Any

SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

CSS = """
.gradio-container { width: 100%; max-width: 1240px !important; margin: 0 auto; }
#title h1 { font-size: 1.6rem; font-weight: 650; letter-spacing: -0.015em; margin: 0.4rem 0 0; }
#note p { color: var(--body-text-color-subdued); font-size: var(--text-sm); }
.empty { min-height: 24rem; display: grid; place-items: center; border: 1px dashed var(--border-color-primary);
  border-radius: var(--block-radius); color: var(--body-text-color-subdued); text-align: center; padding: 1rem; }
@media (max-width: 760px) { .empty { min-height: 9rem; } }
footer { display: none !important; }
"""


def theme() -> Any:
    """Gradio's plainest theme, with system fonts, because its own are downloaded."""
    from gradio.themes import Base, sizes

    return Base(
        primary_hue="indigo", neutral_hue="gray", radius_size=sizes.radius_md, font=list(SANS), font_mono=list(MONO)
    ).set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
        slider_color="*primary_600",
        block_border_width="1px",
        block_label_background_fill="*background_fill_primary",
    )
