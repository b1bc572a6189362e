// The losses of a critic's answers on the CUDA device against the reference.
#include "agreement.hpp"

#include <walt/ops/cuda/adversarial.cuh>
#include <walt/ops/reference/adversarial.hpp>

namespace tests {
using namespace walt;

namespace {

template <class T> struct operands {
    arena memory{allocate_host};
    std::int64_t reals, fakes;
    view<T, dynamic> real = normals(memory.take<T, dynamic>(reals), 1, 9),
                     fake = normals(memory.take<T, dynamic>(fakes), 2, 9, 1);
    view<T, dynamic> dreal = (memory.take<T, dynamic>(reals)), dfake = (memory.take<T, dynamic>(fakes)),
                     dadversarial = (memory.take<T, dynamic>(fakes)), dlecam_real = (memory.take<T, dynamic>(reals)),
                     dlecam_fake = (memory.take<T, dynamic>(fakes));
    view<T, 1> of_real = (memory.take<T, 1>()), of_fake = (memory.take<T, 1>()), adversarial = (memory.take<T, 1>()),
               lecam = (memory.take<T, 1>());
    view<T, 2> averages = normals(memory.take<T, 2>(), 3, 20), means = (memory.take<T, 2>());

    operands(std::int64_t n, std::int64_t m) : reals(n), fakes(m) {}
    void each(auto&& visit) {
        visit(real), visit(fake), visit(dreal), visit(dfake), visit(dadversarial), visit(dlecam_real);
        visit(dlecam_fake), visit(of_real), visit(of_fake), visit(adversarial), visit(lecam), visit(averages);
        visit(means);
    }
    void run(auto& ctx) {
        ops::softplus_loss(ctx, real, -1, of_real, dreal);
        ops::softplus_loss(ctx, fake, +1, of_fake, dfake);
        ops::softplus_loss(ctx, fake, -1, adversarial, dadversarial);
        ops::lecam(ctx, real, fake, averages, means, lecam, dlecam_real, dlecam_fake);
    }
};

} // namespace

TEST_CASE("cuda: the losses of a critic's answers agree with the reference", "[cuda][adversarial]") {
    walt::cuda::context device;
    reference::context plain;
    agrees_with_reference<operands, float>(device, plain, 1e-6, std::int64_t{5}, std::int64_t{3});
    agrees_with_reference<operands, float>(device, plain, 1e-6, std::int64_t{1},
                                           std::int64_t{700}); // more than a block
}

} // namespace tests
