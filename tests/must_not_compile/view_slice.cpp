// expect: only a view whose first extent is dynamic can be sliced
// values: 4 3
#include <walt/core/view.hpp>

int main() {
    float numbers[12];
    return static_cast<int>(walt::view<float, 4, 3>(numbers).slice(0, 2).size());
}
