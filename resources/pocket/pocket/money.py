"""Helpers for prices; amounts are whole cents unless said otherwise."""


def add_tax(price, rate):
    """Return the price with rate percent of tax, rounded down."""
    tax = price * rate // 100
    return price + tax


def discount(price, rate):
    """Return the price less rate percent; rate is at most 100."""
    if rate > 100:
        raise ValueError("rate is above 100")
    return price - price * rate // 100


def split_bill(total, people):
    """Split total into near equal shares; the first ones pay a cent more."""
    share = total // people
    extra = total % people
    return [share + 1] * extra + [share] * (people - extra)


def change(price, paid):
    """Return the money to give back; paying too little is a ValueError."""
    if paid < price:
        raise ValueError("not enough money")
    return paid - price


def format_price(cents):
    """Write cents as dollars with two decimals."""
    return f"${cents // 100}.{cents % 100:02}"


def shipping(total, limit, fee):
    """Return the fee, or 0 if total is limit or more."""
    if total >= limit:
        return 0
    return fee


def cheapest(prices, budget):
    """Return the lowest price within budget, or None."""
    affordable = [price for price in prices if price <= budget]
    if not affordable:
        return None
    return min(affordable)


def savings(monthly, months, start):
    """Return start plus the monthly amount over all months."""
    saved = start + monthly * months
    return saved
