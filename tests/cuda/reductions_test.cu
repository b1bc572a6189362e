// Sums on the CUDA device against Thrust's, which knows nothing of them; whole buffers, columns, blocks, statistics.
#include "../catch.hpp"

#include <walt/ops/cuda/diffusion.cuh>
#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/optimizer.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/cuda/reconstruction.cuh>
#include <walt/ops/cuda/recording.cuh>
#include <walt/ops/cuda/reduce.cuh>

#include <thrust/device_ptr.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sort.h>
#include <thrust/transform_reduce.h>

#include <cmath>

namespace tests {
using namespace walt;

namespace {

/// Numbers of a normal distribution, in the arena.
template <class T> view<T, dynamic> normals(walt::cuda::context& ctx, std::int64_t count, std::uint64_t stream) {
    const auto x = ctx.arena.take<T, dynamic>(count);
    ops::normal(ctx, philox{11, stream}, x);
    return x;
}
template <class T> std::vector<T> read(walt::cuda::context& ctx, const T* x, std::size_t count) {
    std::vector<T> host(count);
    ctx.download(host.data(), x, count * sizeof(T));
    return host;
}

/// Thrust's sum of use(i) over i in [0, count), in double.
template <class Use> double summed(walt::cuda::context& ctx, std::int64_t count, Use use) {
    const thrust::counting_iterator<std::int64_t> first(0);
    return thrust::transform_reduce(thrust::cuda::par.on(ctx.stream), first, first + count, use, 0.0,
                                    ::cuda::std::plus<double>());
}
template <class T> struct square_of {
    const T* x;
    __device__ double operator()(std::int64_t i) const { return static_cast<double>(x[i]) * static_cast<double>(x[i]); }
};
template <class T> struct strided {
    const T* x;
    std::int64_t stride;
    __device__ double operator()(std::int64_t i) const { return static_cast<double>(x[i * stride]); }
};
struct absolute_strided {
    const float* x;
    std::int64_t stride;
    __device__ double operator()(std::int64_t i) const { return fabs(static_cast<double>(x[i * stride])); }
};
struct weighted_error {
    const float *x, *y, *weight;
    std::int64_t size;
    __device__ double operator()(std::int64_t i) const {
        const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
        return static_cast<double>(weight[i / size]) * difference * difference;
    }
};
struct pixel_error {
    const float *x, *y;
    double absolute;
    __device__ double operator()(std::int64_t i) const {
        const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
        return difference * difference + absolute * fabs(difference);
    }
};
struct squared_distance {
    const float* x;
    std::int64_t stride;
    double from;
    __device__ double operator()(std::int64_t i) const {
        const double distance = static_cast<double>(x[i * stride]) - from;
        return distance * distance;
    }
};

template <int Threads, class A> __global__ void block_sums_kernel(const A* x, int times, A* y) {
    for (int i = 0; i < times; ++i) // one after another, so that a sum that is overwritten too early shows
        y[i * Threads + threadIdx.x] = walt::cuda::block_sum<Threads>(x[i * Threads + threadIdx.x]);
}

template <int Threads, class A> void block_sums_agree(walt::cuda::context& ctx, double most) {
    const arena::scope scope(ctx.arena);
    constexpr int times = 5;
    const auto numbers = normals<float>(ctx, times * Threads, Threads);
    const auto x = ctx.arena.take<A, dynamic>(times * Threads), y = ctx.arena.take<A, dynamic>(times * Threads);
    if constexpr (std::is_same_v<A, float>) ops::convert(ctx, numbers, x);
    else walt::cuda::map(ctx, "widen", x.size(), ::cuda::std::identity(), x.data(), numbers.data());
    block_sums_kernel<Threads><<<1, Threads, 0, ctx.stream>>>(x.data(), times, y.data());
    walt::cuda::check_launch("block_sums", times);
    const std::vector<A> found = read(ctx, y.data(), times * Threads);
    for (int i = 0; i < times; ++i) {
        const double expected = summed(ctx, Threads, strided<A>{x.data() + i * Threads, 1});
        for (int t = 0; t < Threads; ++t) {
            CHECK(found[static_cast<std::size_t>(i * Threads + t)] == found[static_cast<std::size_t>(i * Threads)]);
        }
        CHECK(std::abs(static_cast<double>(found[static_cast<std::size_t>(i * Threads)]) - expected) <= most);
    }
}

template <class T> void squares_agree(walt::cuda::context& ctx) {
    for (const std::int64_t count : {0, 1, 1000, 300'001}) {
        const arena::scope scope(ctx.arena);
        const auto x = normals<T>(ctx, count, 3);
        const auto sum = ctx.arena.take<double, 1>();
        ops::sum_of_squares(ctx, x, sum);
        const double found = read(ctx, sum.data(), 1)[0], expected = summed(ctx, count, square_of<T>{x.data()});
        CAPTURE(count, dtype_name<T>());
        CHECK(std::abs(found - expected) <= 1e-13 * expected);
        ops::sum_of_squares(ctx, x, sum);
        CHECK(read(ctx, sum.data(), 1)[0] == found); // to the last bit
    }
}

} // namespace

TEST_CASE("cuda: sums of squares are Thrust's, and have the same bits run after run", "[cuda][reductions]") {
    walt::cuda::context ctx;
    squares_agree<float>(ctx);
    squares_agree<bf16>(ctx);
}

TEST_CASE("cuda: a whole buffer's sum can be recorded", "[cuda][reductions]") {
    walt::cuda::context ctx;
    const arena::scope scope(ctx.arena);
    const auto x = ctx.arena.take<float, dynamic>(100'000);
    const auto sum = ctx.arena.take<double, 1>();
    const auto work = [](walt::cuda::context& on, view<float, dynamic> of, view<double, 1> to) {
        ops::sum_of_squares(on, of, to);
    };
    for (int time = 0; time < 5; ++time) {
        ops::fill(ctx, x, time);
        record_work(ctx, true, work, x, sum);
        CHECK(read(ctx, sum.data(), 1)[0] == 1e5 * time * time);
    }
    REQUIRE(ctx.records.size() == 1);
}

TEST_CASE("cuda: every thread of a block gets Thrust's sum", "[cuda][reductions]") {
    walt::cuda::context ctx;
    block_sums_agree<32, float>(ctx, 2e-5);
    block_sums_agree<96, float>(ctx, 3e-5);
    block_sums_agree<256, float>(ctx, 5e-5);
    block_sums_agree<32, double>(ctx, 1e-12);
    block_sums_agree<512, double>(ctx, 1e-12);
}

TEST_CASE("cuda: sums of columns and of parts are Thrust's", "[cuda][reductions]") {
    walt::cuda::context ctx;
    for (const auto& [rows, width] : {std::pair{1, 1}, {7, 33}, {1000, 5}, {140'000, 3}}) {
        const arena::scope scope(ctx.arena);
        const auto x = normals<float>(ctx, std::int64_t{rows} * width, 5);
        const auto out = ctx.arena.take<float, dynamic>(width), parts = ctx.arena.take<float, dynamic>(width);
        ops::fill(ctx, out, 1);
        walt::cuda::add_column_sums(ctx, "columns", x.data(), rows, width, out.data());
        walt::cuda::assign_sum_of_parts(ctx, "parts", 1, rows, width, width, x.data(), parts.data());
        const auto found = read(ctx, out.data(), static_cast<std::size_t>(width)),
                   of_parts = read(ctx, parts.data(), static_cast<std::size_t>(width));
        for (int j = 0; j < width; ++j) {
            const double expected = summed(ctx, rows, strided<float>{x.data() + j, width});
            const double size = summed(ctx, rows, absolute_strided{x.data() + j, width});
            CAPTURE(rows, width, j);
            CHECK(std::abs(static_cast<double>(found[static_cast<std::size_t>(j)]) - 1 - expected) <=
                  1e-6 * (1 + size));
            CHECK(std::abs(static_cast<double>(of_parts[static_cast<std::size_t>(j)]) - expected) <= 1e-5 * (1 + size));
        }
    }
}

TEST_CASE("cuda: losses are Thrust's", "[cuda][reductions]") {
    walt::cuda::context ctx;
    const arena::scope scope(ctx.arena);
    constexpr std::int64_t frames = 6, size = 700;
    const auto x = normals<float>(ctx, frames * size, 1), y = normals<float>(ctx, frames * size, 2),
               dx = ctx.arena.take<float, dynamic>(frames * size), weight = ctx.arena.take<float, dynamic>(frames);
    const std::vector<float> weights{1, 0, 0.5f, 1, 1, 0.25f};
    ctx.upload(weight.data(), weights.data(), weights.size() * sizeof(float));
    const auto loss = ctx.arena.take<float, 1>();
    ops::square_error(ctx, x, y, weight, loss, dx);
    const double expected =
        summed(ctx, frames * size, weighted_error{x.data(), y.data(), weight.data(), size}) / (3.75 * size);
    CHECK(static_cast<double>(read(ctx, loss.data(), 1)[0]) == Approx(expected).epsilon(1e-7));

    ops::reconstruction_error(ctx, x, y, 0.3, loss, dx);
    const double pixels = summed(ctx, frames * size, pixel_error{x.data(), y.data(), 0.3}) / (frames * size);
    CHECK(static_cast<double>(read(ctx, loss.data(), 1)[0]) == Approx(pixels).epsilon(1e-7));
}

TEST_CASE("cuda: statistics of latents are Thrust's", "[cuda][reductions]") {
    walt::cuda::context ctx;
    const arena::scope scope(ctx.arena);
    constexpr int C = 5;
    constexpr std::int64_t B = 2, F = 3, H = 17, W = 19, positions = H * W;
    const auto numbers = normals<float>(ctx, B * F * positions * C, 9);
    const view<const float, dynamic, dynamic, dynamic, dynamic, C> z(numbers.data(), B, F, H, W);
    const auto mean = ctx.arena.take<float, dynamic, C>(B * F), deviation = ctx.arena.take<float, dynamic, C>(B * F);
    ops::latent_statistics(ctx, z, mean, deviation);
    const auto means = read(ctx, mean.data(), B * F * C), deviations = read(ctx, deviation.data(), B * F * C);
    for (std::int64_t row = 0; row < B * F * C; ++row) {
        const float* first = numbers.data() + row / C * positions * C + row % C;
        const double centre = summed(ctx, positions, strided<float>{first, C}) / positions;
        const double squares = summed(ctx, positions, squared_distance{first, C, centre}) / positions;
        CHECK(std::abs(static_cast<double>(means[static_cast<std::size_t>(row)]) - centre) <= 1e-6);
        CHECK(static_cast<double>(deviations[static_cast<std::size_t>(row)]) ==
              Approx(std::sqrt(squares + ops::latent_epsilon)).epsilon(1e-6));
    }
}

TEST_CASE("cuda: sorted by Thrust, normal numbers lie where their distribution says", "[cuda][reductions]") {
    walt::cuda::context ctx;
    const arena::scope scope(ctx.arena);
    constexpr std::size_t count = 4000;
    const auto x = normals<float>(ctx, count, 4);
    const thrust::device_ptr<float> first(x.data());
    thrust::sort(thrust::cuda::par.on(ctx.stream), first, first + count);
    const auto sorted = read(ctx, x.data(), count);
    double farthest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double below = 0.5 * std::erfc(-static_cast<double>(sorted[i]) / std::sqrt(2.0));
        farthest = std::max(farthest, std::abs(below - (static_cast<double>(i) + 0.5) / count));
        CHECK((i == 0 || sorted[i - 1] <= sorted[i]));
    }
    CHECK(farthest < 0.026); // Kolmogorov and Smirnov: once in a hundred samples; this one is always the same
}

} // namespace tests
