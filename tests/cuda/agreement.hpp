// What the tests of the CUDA device share: the numbers of ops/operands.hpp, and operands compared view by view.
#pragma once

#include "../catch.hpp"
#include "../ops/operands.hpp"

#include <walt/testing/on_device.hpp>
#include <walt/testing/relative_error.hpp>

/// Those numbers divided by three: neither bf16 nor tf32 holds them.
template <class V> V thirds(const V& values, std::uint64_t stream) {
    normals(values, stream);
    for (std::int64_t i = 0; i < values.size(); ++i)
        values.data()[i] = static_cast<typename V::element>(static_cast<float>(values.data()[i]) / 3.0f);
    return values;
}

/// The relative errors allowed: of views of bf16, and of all others.
struct allowed {
    double most, most_bf16;
    allowed(double of_all, double of_bf16 = 1e-2) : most(of_all), most_bf16(of_bf16) {}
};

/// Every view of `mine` is as near to the same view of `theirs` as is allowed.
template <class Mine, class Theirs> void compare(Mine& mine, Theirs& theirs, allowed error) {
    std::vector<std::vector<double>> expected;
    theirs.each([&]<class View>(const View& v) {
        if constexpr (!walt::is_none<View>) expected.push_back(doubles(v));
    });
    std::size_t place = 0;
    mine.each([&]<class View>(const View& v) {
        if constexpr (!walt::is_none<View>) {
            CAPTURE(place);
            const bool rounded = std::is_same_v<std::remove_const_t<typename View::element>, walt::bf16>;
            CHECK(walt::testing::relative_error(doubles(v).data(), expected[place++]) <=
                  (rounded ? error.most_bf16 : error.most));
        }
    });
}

/// Runs `Operands<T>` on the CUDA device and `Operands<double>` on the reference (both made from `size`), and compares.
template <template <class> class Operands, class T, class Device, class Plain, class... Size>
void agrees_with_reference(Device& device, Plain& plain, allowed error, Size... size) {
    Operands<T> mine(size...);
    Operands<double> theirs(size...);
    walt::testing::on_device(device, mine, [&](auto& o) { o.run(device); });
    theirs.run(plain);
    CAPTURE(walt::dtype_name<T>());
    compare(mine, theirs, error);
}
