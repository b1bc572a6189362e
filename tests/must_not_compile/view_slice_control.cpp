// compiles
#include <walt/core/view.hpp>

int main() {
    const walt::view<float, walt::dynamic, 7> frames(nullptr, 5);
    return static_cast<int>(frames.slice(1, 2).size());
}
