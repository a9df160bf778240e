"""A thumb before the page on a phone: it taps, and nothing else."""

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
MOST_TAPS = 3


class Thumb:
    """Answers a question by few taps. To choose from a list that the phone itself shows counts as one."""

    def __init__(self) -> None:
        self.taps = 0

    def tap(self, what) -> None:
        self.taps += 1
        assert self.taps <= MOST_TAPS, "too many taps for an answer"
        what.tap()

    def choose(self, select, option) -> None:
        self.tap(select)
        select.select_option(option)
