"""The trades of the demo, each with its hand-written ideas."""

from workshops.demo.trades.agriculture import AGRICULTURE
from workshops.demo.trades.civic import CIVIC
from workshops.demo.trades.crafts import CRAFTS
from workshops.demo.trades.education import EDUCATION
from workshops.demo.trades.energy import ENERGY
from workshops.demo.trades.finance import FINANCE
from workshops.demo.trades.healthcare import HEALTHCARE
from workshops.demo.trades.hospitality import HOSPITALITY
from workshops.demo.trades.logistics import LOGISTICS
from workshops.demo.trades.manufacturing import MANUFACTURING
from workshops.demo.trades.nonprofit import NONPROFIT

TRADES = (
    HEALTHCARE,
    LOGISTICS,
    HOSPITALITY,
    EDUCATION,
    AGRICULTURE,
    CRAFTS,
    FINANCE,
    CIVIC,
    MANUFACTURING,
    NONPROFIT,
    ENERGY,
)

__all__ = ["TRADES"]
