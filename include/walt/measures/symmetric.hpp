// Symmetric matrices in double, in host memory, by LAPACK and BLAS (CMake: walt::measures). A symmetric matrix [n, n]
// is the same by rows and by columns.
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <cblas.h>
#include <lapacke.h>

namespace walt::detail {

/// Of the elements only those with j <= i, at [i][j], are read and written, but by mirror().
struct symmetric_matrix {
    std::size_t n = 0;
    std::vector<double> elements{};

    explicit symmetric_matrix(std::size_t size = 0) : n(size), elements(size * size) {
        require(size <= 32768, "a symmetric matrix of {} x {} elements is too large", size, size);
    }
    double& operator()(std::size_t i, std::size_t j) { return elements[i * n + j]; }
    double operator()(std::size_t i, std::size_t j) const { return elements[i * n + j]; }
    int size() const { return static_cast<int>(n); }

    double trace() const {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += (*this)(i, i);
        return sum;
    }
    void mirror() {
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < i; ++j) (*this)(j, i) = (*this)(i, j);
    }
    /// Adds the sum of the outer products of rows [count, n].
    void add_products(const double* rows, std::size_t count) {
        if (n > 0 && count > 0)
            cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, size(), static_cast<int>(count), 1, rows, size(), 1,
                        elements.data(), size());
    }
};

/// Eigenvalues of a symmetric matrix, the least first, and in its place the eigenvectors, a row each, if asked for.
inline std::vector<double> eigenvalues(symmetric_matrix& of, bool with_vectors) {
    std::vector<double> values(of.n);
    if (of.n == 0) return values;
    const auto info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, with_vectors ? 'V' : 'N', 'U', of.size(), of.elements.data(),
                                     of.size(), values.data()); // by columns the upper half is ours
    require(info == 0, "LAPACK found no eigenvalues of a matrix of {} x {} (dsyevd: {})", of.n, of.n, info);
    return values;
}

/// The square root of a symmetric matrix whose eigenvalues are not negative but by rounding, which counts as 0.
inline symmetric_matrix square_root(symmetric_matrix of) {
    const std::vector<double> values = eigenvalues(of, true);
    for (std::size_t i = 0; i < of.n; ++i)
        for (std::size_t j = 0; j < of.n; ++j) of(i, j) *= std::pow(std::max(values[i], 0.0), 0.25);
    symmetric_matrix root(of.n);
    root.add_products(of.elements.data(), of.n); // sum of sqrt(value) vector vector^T
    root.mirror();
    return root;
}

/// a b a of symmetric matrices, which is symmetric.
inline symmetric_matrix between(const symmetric_matrix& a, const symmetric_matrix& b) {
    symmetric_matrix half(a.n), whole(a.n);
    const auto multiply = [&](CBLAS_SIDE side, const symmetric_matrix& with, symmetric_matrix& into) {
        cblas_dsymm(CblasRowMajor, side, CblasLower, a.size(), a.size(), 1, a.elements.data(), a.size(),
                    with.elements.data(), a.size(), 0, into.elements.data(), a.size());
    };
    if (a.n == 0) return whole;
    multiply(CblasLeft, b, half);
    multiply(CblasRight, half, whole);
    return whole;
}

} // namespace walt::detail
