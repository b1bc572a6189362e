// CUDA: the losses of a critic's answers; a batch has few of them, so one block does each.
#pragma once

#include "../adversarial.hpp"
#include "block_sum.cuh"
#include "elementwise.cuh"

namespace walt::cuda {

namespace detail {

template <class A> __global__ void softplus_loss_kernel(const A* logits, std::int64_t count, int sign, A* loss, A* d) {
    const double share = 1.0 / static_cast<double>(count > 0 ? count : 1);
    const double sum = walked_sum(0, count, [&](std::int64_t i) {
        const double x = sign * static_cast<double>(logits[i]);
        d[i] = static_cast<A>(share * sign * softplus::slope(x));
        return softplus::value(x);
    });
    if (threadIdx.x == 0) *loss = static_cast<A>(share * sum);
}

template <class A>
__global__ void lecam_kernel(const A* real, std::int64_t reals, const A* fake, std::int64_t fakes, const A* averages,
                             A* means, A* loss, A* dreal, A* dfake) {
    const auto mean = [](const A* x, std::int64_t count) {
        return walked_sum(0, count, [&](std::int64_t i) { return static_cast<double>(x[i]); }) /
               static_cast<double>(count > 0 ? count : 1);
    };
    const double of_real = mean(real, reals), of_fake = mean(fake, fakes);
    const double above = fmax(0.0, of_real - static_cast<double>(averages[1])),
                 below = fmax(0.0, static_cast<double>(averages[0]) - of_fake);
    for (std::int64_t i = threadIdx.x; i < reals; i += sum_threads)
        dreal[i] = static_cast<A>(2 * above / static_cast<double>(reals));
    for (std::int64_t i = threadIdx.x; i < fakes; i += sum_threads)
        dfake[i] = static_cast<A>(-2 * below / static_cast<double>(fakes));
    if (threadIdx.x == 0) {
        means[0] = static_cast<A>(of_real);
        means[1] = static_cast<A>(of_fake);
        *loss = static_cast<A>(above * above + below * below);
    }
}

} // namespace detail

template <class X, class Loss, class DX>
void softplus_loss_on(context& ctx, X logits, int sign, Loss loss, DX dlogits) {
    detail::softplus_loss_kernel<<<1, detail::sum_threads, 0, ctx.stream>>>(logits.data(), logits.size(), sign,
                                                                            loss.data(), dlogits.data());
    check_launch("ops::softplus_loss", logits.size());
}

template <class X, class Y, class Averages, class Means, class Loss, class DX, class DY>
void lecam_on(context& ctx, X real, Y fake, Averages averages, Means means, Loss loss, DX dreal, DY dfake) {
    detail::lecam_kernel<<<1, detail::sum_threads, 0, ctx.stream>>>(real.data(), real.size(), fake.data(), fake.size(),
                                                                    averages.data(), means.data(), loss.data(),
                                                                    dreal.data(), dfake.data());
    check_launch("ops::lecam", real.size() + fake.size());
}

} // namespace walt::cuda
