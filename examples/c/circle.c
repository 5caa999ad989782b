/* The loop of a circle, from C.
 *
 *     cc -std=c99 circle.c -I"$(python -c 'import toposcope; print(toposcope.get_include())')" \
 *        "$(python -c 'import toposcope; print(toposcope.get_library())')" -lm -o circle
 *     ./circle
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "toposcope.h"

enum { POINTS = 60 };

/* What went wrong, and where; then the end of the program. */
static void check(tps_status status, const tps_detail *where)
{
    if (status == TPS_OK) return;
    fprintf(stderr, "toposcope: %s (row %lld, column %lld, value %g)\n", tps_status_name(status),
            (long long)where->row, (long long)where->column, where->value);
    exit(EXIT_FAILURE);
}

int main(void)
{
    /* Points on a circle, a little uneven. */
    double coordinates[POINTS][2];
    for (int i = 0; i < POINTS; ++i) {
        double angle = 2 * 3.14159265358979323846 * (i + 0.3 * sin(7.0 * i)) / POINTS;
        coordinates[i][0] = cos(angle);
        coordinates[i][1] = sin(angle);
    }
    tps_array points = {coordinates, POINTS, 2, sizeof coordinates[0], sizeof coordinates[0][0], TPS_FLOAT64};

    tps_rips_options options;
    tps_rips_options_init(&options);
    options.max_dimension = 1;
    options.flags = TPS_RIPS_CYCLES;

    tps_rips *result = NULL;
    tps_detail where = {-1, -1, 0};
    check(tps_rips_points(&points, NULL, &options, &result, &where), &where);

    printf("toposcope %s\n", tps_version());
    for (int dimension = 0; dimension <= 1; ++dimension) {
        int64_t bars = tps_rips_bar_count(result, dimension);
        double *diagram = malloc(2 * (size_t)bars * sizeof *diagram + 1);
        if (diagram == NULL) return EXIT_FAILURE;
        check(tps_rips_bars(result, dimension, diagram, NULL, NULL), &where);
        printf("H%d: %lld bars", dimension, (long long)bars);
        if (bars > 0) printf(", the longest [%.4f, %.4f)", diagram[0], diagram[1]);
        printf("\n");
        free(diagram);
    }

    /* The points round the loop: the first end of every edge of a representative cycle. */
    int64_t edges = 0;
    check(tps_rips_cycle(result, 1, 0, NULL, NULL, &edges, NULL, &where), &where);
    int64_t *ring = malloc(2 * (size_t)edges * sizeof *ring + 1);
    if (ring == NULL) return EXIT_FAILURE;
    check(tps_rips_cycle(result, 1, 0, NULL, NULL, &edges, ring, &where), &where);
    printf("round the loop:");
    for (int64_t i = 0; i < edges; ++i) printf(" %lld", (long long)ring[2 * i]);
    printf("\n");

    free(ring);
    tps_rips_free(result);
    return EXIT_SUCCESS;
}
