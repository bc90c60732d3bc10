"""Helpers for points, grades and ranks."""


def grade(points):
    """Return A from 90 points, B from 75, C from 50, else F."""
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    if points >= 50:
        return "C"
    return "F"


def passed(points, needed, absences):
    """Pass with needed points or more and fewer than 4 absences."""
    return points >= needed and absences < 4


def rank(score, scores):
    """Return 1 for the best score; equal scores share a rank."""
    better = 1
    for other in scores:
        if other > score:
            better += 1
    return better


def top_scores(scores, count):
    """Return the count highest scores, the highest first."""
    return sorted(scores, reverse=True)[:count]


def add_bonus(points, bonus, limit):
    """Add bonus to points, but never go above limit."""
    return min(points + bonus, limit)


def winner(home, away):
    """Return 'home', 'away' or 'draw' from the goals of both."""
    if home > away:
        return "home"
    if home < away:
        return "away"
    return "draw"


def league_points(wins, draws):
    """Return 3 points for each win and 1 for each draw."""
    return 3 * wins + draws


def best_streak(results):
    """Return the length of the longest run of true results."""
    streak = 0
    longest = 0
    for won in results:
        streak = streak + 1 if won else 0
        longest = max(longest, streak)
    return longest
