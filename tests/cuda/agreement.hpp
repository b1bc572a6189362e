// What the tests of the CUDA device share: the numbers of ops/operands.hpp, and operands compared view by view.
#pragma once

#include "../catch.hpp"
#include "../ops/operands.hpp"

#include <walt/testing/on_device.hpp>

/// Every view of `mine` is within `most` of the same view of `theirs`, as the norm of the difference over the norm;
/// views of bf16 within `most_bf16`.
template <class Mine, class Theirs> void compare(Mine& mine, Theirs& theirs, double most, double most_bf16 = 1e-2) {
    std::vector<std::vector<double>> expected;
    theirs.each([&]<class View>(const View& v) {
        if constexpr (!walt::is_none<View>) expected.push_back(doubles(v));
    });
    std::size_t place = 0;
    mine.each([&]<class View>(const View& v) {
        if constexpr (!walt::is_none<View>) {
            CAPTURE(place);
            double difference = 0, size = 0;
            const std::vector<double> found = doubles(v), &wanted = expected[place++];
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                difference += (found[i] - wanted[i]) * (found[i] - wanted[i]);
                size += wanted[i] * wanted[i];
            }
            const bool rounded = std::is_same_v<std::remove_const_t<typename View::element>, walt::bf16>;
            CHECK(std::sqrt(difference) <= (rounded ? most_bf16 : most) * std::sqrt(size));
        }
    });
}

/// Runs `Operands<T>` on the CUDA device and `Operands<double>` on the reference (both made from `size`), and compares.
template <template <class> class Operands, class T, class Device, class Plain, class... Size>
void agrees_with_reference(Device& device, Plain& plain, double most, Size... size) {
    Operands<T> mine(size...);
    Operands<double> theirs(size...);
    walt::testing::on_device(device, mine, [&](auto& o) { o.run(device); });
    theirs.run(plain);
    CAPTURE(walt::dtype_name<T>());
    compare(mine, theirs, most);
}
