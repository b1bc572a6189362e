// Uploads of all sizes in any order arrive as the host had them, and copies that fail leave the context as it was.
#include "../catch.hpp"

#include <walt/core/buffer.hpp>
#include <walt/ops/cuda/context.cuh>

#include <numeric>

namespace tests {
using namespace walt;

namespace {
int refused = 0; ///< allocations of pinned memory that still fail
}

// The linker sends walt's calls here (--wrap).
extern "C" {
cudaError_t __real_cudaMallocHost(void**, std::size_t);
cudaError_t __wrap_cudaMallocHost(void** block, std::size_t bytes) {
    if (refused == 0) return __real_cudaMallocHost(block, bytes);
    --refused;
    return cudaErrorMemoryAllocation;
}
}

namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;

/// So many bytes, none like those of another number, or of another size.
std::vector<unsigned> numbers(std::size_t bytes, unsigned number) {
    std::vector<unsigned> made(bytes / sizeof(unsigned));
    std::iota(made.begin(), made.end(), number * 0x9E3779B9u + static_cast<unsigned>(bytes));
    return made;
}

/// Uploads all, each from memory that is written over at once, and only then looks.
void check_uploads(walt::cuda::context& ctx, const std::vector<std::size_t>& sizes) {
    std::vector<buffer<unsigned>> there;
    for (const std::size_t size : sizes) there.emplace_back(ctx, size / sizeof(unsigned));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        std::vector<unsigned> host = numbers(sizes[i], static_cast<unsigned>(i));
        ctx.upload(there[i].data(), host.data(), sizes[i]);
        std::fill(host.begin(), host.end(), 0u);
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        std::vector<unsigned> found(there[i].size());
        ctx.download(found.data(), there[i].data(), sizes[i]);
        CAPTURE(i, sizes[i]);
        CHECK((found == numbers(sizes[i], static_cast<unsigned>(i))));
    }
}

} // namespace

TEST_CASE("cuda: pieces of staging memory grow while copies out of the other are under way", "[cuda][staging]") {
    walt::cuda::context ctx;
    check_uploads(ctx, {3 * mebi, 3 * mebi, 3 * mebi, 3 * mebi, 3 * mebi}); // the least pieces, in turn
    check_uploads(ctx, {5 * mebi, 1 * mebi, 9 * mebi, 6 * mebi, 4, 13 * mebi, 13 * mebi, 2 * mebi});
    check_uploads(ctx, {17 * mebi, 17 * mebi, 1 * mebi, 17 * mebi, 17 * mebi, 17 * mebi}); // larger ones, in turn
}

TEST_CASE("cuda: uploads beyond the largest piece keep their place among small ones", "[cuda][staging]") {
    constexpr std::size_t most = walt::cuda::staging::most;
    walt::cuda::context ctx;
    check_uploads(ctx, {2 * mebi, most + 4, 2 * mebi, most, 2 * mebi});
    const buffer<unsigned> one(ctx, 8); // twice to the same memory: the later one is there
    const std::vector<unsigned> first = numbers(32, 1), second = numbers(32, 2);
    ctx.upload(one.data(), first.data(), 32);
    ctx.upload(one.data(), second.data(), 32);
    std::vector<unsigned> found(8);
    ctx.download(found.data(), one.data(), 32);
    CHECK(found == second);
}

TEST_CASE("cuda: staging memory that cannot be had is an error, and the next upload goes well", "[cuda][staging]") {
    walt::cuda::context ctx;
    const buffer<unsigned> there(ctx, 5 * mebi / sizeof(unsigned));
    const auto host = numbers(5 * mebi, 3);
    for (const std::size_t before : {std::size_t{0}, 1 * mebi, 5 * mebi}) { // no piece yet, a small one, a large one
        if (before > 0) check_uploads(ctx, {before});
        for (int piece = 0; piece < 2; ++piece) {
            refused = 1;
            bool said = false;
            try {
                ctx.upload(there.data(), host.data(), 5 * mebi); // where a piece is large enough nothing is asked for
            } catch (const error& problem) {
                said = true;
                CHECK_THAT(problem.what(), Catch::Contains("cudaMallocHost of 8388608 bytes failed: "));
                CHECK_THAT(problem.what(), !Catch::Contains("can no longer"));
                CHECK(refused == 0);
            }
            refused = 0;
            if (before < 5 * mebi && piece == 0) CHECK(said);
            check_uploads(ctx, {1 * mebi, 2 * mebi, 3 * mebi});
        }
    }
    walt::cuda::context other;
    refused = 1;
    CHECK_THROWS_WITH(check_uploads(other, {4}), Catch::Contains("cudaMallocHost of 4194304 bytes failed: "));
    check_uploads(other, {4, 5 * mebi, 4});
}

TEST_CASE("cuda: a call that the runtime refuses names itself, and the context goes on", "[cuda][staging]") {
    walt::cuda::context ctx;
    CHECK_THROWS_WITH(walt::cuda::check(cudaMalloc(nullptr, 32), "cudaMalloc of {} bytes", 32),
                      Catch::Contains("cudaMalloc of 32 bytes failed: ") && !Catch::Contains("can no longer"));
    check_uploads(ctx, {32});
}

} // namespace tests
