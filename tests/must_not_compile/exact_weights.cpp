// expect: a model computes with matrices and kernels in its compute type
// values: 3
#include <walt/core/weights.hpp>

int main() {
    const walt::parameter<walt::role::bias, walt::init::zero, 3> bias;
    return walt::weights<walt::bf16>{}(bias).extent(0) == 3;
}
