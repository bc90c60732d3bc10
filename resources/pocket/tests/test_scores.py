from pocket.scores import (
    add_bonus,
    best_streak,
    grade,
    league_points,
    passed,
    rank,
    top_scores,
    winner,
)


def test_grade_best():
    assert grade(95) == "A"
    assert grade(90) == "A"


def test_grade_good():
    assert grade(89) == "B"
    assert grade(75) == "B"


def test_grade_fair():
    assert grade(74) == "C"
    assert grade(50) == "C"


def test_grade_failed():
    assert grade(49) == "F"
    assert grade(0) == "F"


def test_passed_clearly():
    assert passed(80, 50, 0) is True


def test_passed_limits():
    assert passed(50, 50, 3) is True


def test_passed_few_points():
    assert passed(49, 50, 0) is False


def test_passed_many_absences():
    assert passed(80, 50, 4) is False


def test_rank_best():
    assert rank(9, [9, 7, 5]) == 1


def test_rank_last():
    assert rank(5, [9, 7, 5]) == 3


def test_rank_shared():
    assert rank(7, [9, 7, 7]) == 2


def test_top_scores_two():
    assert top_scores([3, 9, 5], 2) == [9, 5]


def test_top_scores_all():
    assert top_scores([1, 2], 5) == [2, 1]


def test_add_bonus_plain():
    assert add_bonus(40, 5, 100) == 45


def test_add_bonus_limit():
    assert add_bonus(98, 5, 100) == 100


def test_winner_home():
    assert winner(3, 1) == "home"


def test_winner_away():
    assert winner(0, 2) == "away"


def test_winner_draw():
    assert winner(1, 1) == "draw"


def test_league_points_wins():
    assert league_points(4, 0) == 12


def test_league_points_draws():
    assert league_points(0, 3) == 3


def test_league_points_both():
    assert league_points(2, 1) == 7


def test_best_streak_middle():
    assert best_streak([1, 0, 1, 1, 0]) == 2


def test_best_streak_all():
    assert best_streak([1, 1, 1]) == 3


def test_best_streak_none():
    assert best_streak([0, 0]) == 0
