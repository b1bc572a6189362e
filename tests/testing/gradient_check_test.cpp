// The gradient check itself: it passes a right gradient and names the place of a wrong one.
#include "../catch.hpp"

#include <walt/testing/gradient_check.hpp>

using namespace walt;

TEST_CASE("the gradient check tells right from wrong", "[testing]") {
    std::vector<double> x(7), gradient(7);
    testing::fill_normal(x, 1);
    const std::vector<double> before = x;
    const auto f = [&] {
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) sum += std::sin(x[i]) * static_cast<double>(i);
        return sum;
    };
    for (std::size_t i = 0; i < x.size(); ++i) gradient[i] = std::cos(x[i]) * static_cast<double>(i);
    const auto right = testing::check_gradient(x, gradient, f);
    CHECK(right.worst < 1e-8);
    CHECK(right.checked == 7);
    CHECK(x == before);
    CHECK(testing::check_gradient(x, gradient, f, 3).checked == 3);

    gradient[4] *= 1.01;
    const auto wrong = testing::check_gradient(x, gradient, f);
    CHECK(wrong.worst == Approx(0.01).epsilon(0.05));
    CHECK(wrong.position == 4);
    gradient[2] = std::nan("");
    CHECK_FALSE(testing::check_gradient(x, gradient, f).worst < 1);
    gradient.pop_back();
    CHECK_THROWS_AS(testing::check_gradient(x, gradient, f), error);
}
