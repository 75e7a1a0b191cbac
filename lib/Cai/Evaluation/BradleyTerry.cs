namespace Cai.Evaluation;

/// <summary>The comparisons fall apart into groups whose strengths cannot be put on one scale.</summary>
public sealed class DisconnectedComparisonsException(string problem, string remedy) : CaiException(problem, remedy, "judgements");

/// <summary>
/// Strengths from paired comparisons: P(i beats j) = sigmoid(theta_i - theta_j) (Bradley and Terry 1952). A tie counts as
/// half a win for either side.
/// </summary>
public static class BradleyTerry
{
    /// <summary>
    /// Strengths in log-odds, centred on 0, that minimise sum -log sigmoid(theta_winner - theta_loser) + l2 * |theta|².
    /// </summary>
    /// <param name="wins">[items, items]: wins[i, j] is how often i beat j; halves are ties.</param>
    /// <param name="l2">0 for plain maximum likelihood.</param>
    /// <exception cref="DisconnectedComparisonsException">
    /// <paramref name="l2"/> is 0 and some group of items never lost to (or never met) the others: the maximum lies at infinity (Ford 1957).
    /// </exception>
    public static double[] Fit(double[,] wins, double l2 = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(l2);
        var n = wins.GetLength(0);
        if (wins.GetLength(1) != n)
            throw new ArgumentException("The win table must be square.", nameof(wins));
        foreach (var count in wins)
            if (!(count >= 0 && double.IsFinite(count)))
                throw new CaiException($"A number of wins is {count}, but must be finite and not negative.", "Check the judgements.", nameof(wins));
        if (l2 == 0 && !HasFiniteMaximum(wins))
            throw new DisconnectedComparisonsException("Some models won or lost every comparison with the rest, so their strengths have no finite maximum.",
                "Collect more comparisons, or set an L2 penalty.");

        var theta = new double[n];
        var loss = Loss(wins, theta, l2);
        for (var iteration = 0; iteration < 200; iteration++)
        {
            var (gradient, hessian) = Derivatives(wins, theta, l2);
            var step = Solve(hessian, gradient);
            // Full Newton steps can overshoot where one side won nearly always; halving makes the convex problem safe.
            var scale = 1.0;
            double[] next;
            double nextLoss;
            do
            {
                next = theta.Zip(step, (t, s) => t - scale * s).ToArray();
                nextLoss = Loss(wins, next, l2);
                scale /= 2;
            }
            while (nextLoss > loss + 1e-12 * Math.Abs(loss) && scale > 1e-10);
            var change = theta.Zip(next, (a, b) => Math.Abs(a - b)).DefaultIfEmpty().Max();
            theta = next;
            loss = nextLoss;
            if (change < 1e-10)
                break;
        }
        var mean = theta.DefaultIfEmpty().Average();
        return theta.Select(t => t - mean).ToArray();
    }

    /// <summary>Whether any two items are linked by comparisons, whoever won them.</summary>
    public static bool IsConnected(double[,] wins) => Reached(wins, (i, j) => wins[i, j] > 0 || wins[j, i] > 0) == wins.GetLength(0);

    /// <summary>Whether every item beat every other directly or through a chain of wins: the condition for a finite maximum.</summary>
    public static bool HasFiniteMaximum(double[,] wins) =>
        Reached(wins, (i, j) => wins[i, j] > 0) == wins.GetLength(0) && Reached(wins, (i, j) => wins[j, i] > 0) == wins.GetLength(0);

    /// <summary>
    /// Whether each item beat each other, directly or through a chain of wins: where j never so beat i, nothing bounds the distance of i above j.
    /// </summary>
    internal static bool[,] Beats(double[,] wins)
    {
        var n = wins.GetLength(0);
        var beats = new bool[n, n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                beats[i, j] = wins[i, j] > 0;
        for (var k = 0; k < n; k++)
            for (var i = 0; i < n; i++)
                for (var j = 0; j < n; j++)
                    beats[i, j] |= beats[i, k] && beats[k, j];
        return beats;
    }

    private static double Loss(double[,] wins, double[] theta, double l2)
    {
        var loss = l2 * theta.Sum(t => t * t);
        for (var i = 0; i < theta.Length; i++)
            for (var j = 0; j < theta.Length; j++)
                if (i != j && wins[i, j] > 0)
                    loss += wins[i, j] * Logistic.SoftPlus(theta[j] - theta[i]);
        return loss;
    }

    private static (double[] Gradient, double[,] Hessian) Derivatives(double[,] wins, double[] theta, double l2)
    {
        var n = theta.Length;
        var gradient = new double[n];
        var hessian = new double[n, n];
        for (var i = 0; i < n; i++)
        {
            gradient[i] += 2 * l2 * theta[i];
            hessian[i, i] += 2 * l2;
            for (var j = 0; j < n; j++)
            {
                // The likelihood does not change when all strengths shift; this rank-one term makes the Hessian
                // invertible and leaves steps with zero sum as they are.
                hessian[i, j] += 1.0 / n;
                if (i == j)
                    continue;
                var games = wins[i, j] + wins[j, i];
                var p = Logistic.Sigmoid(theta[i] - theta[j]);
                gradient[i] += games * p - wins[i, j];
                hessian[i, i] += games * p * (1 - p);
                hessian[i, j] -= games * p * (1 - p);
            }
        }
        return (gradient, hessian);
    }

    // Gaussian elimination with partial pivoting: a tournament has tens of models, not thousands.
    private static double[] Solve(double[,] matrix, double[] right)
    {
        var n = right.Length;
        var x = (double[])right.Clone();
        for (var column = 0; column < n; column++)
        {
            var pivot = column;
            for (var row = column + 1; row < n; row++)
                if (Math.Abs(matrix[row, column]) > Math.Abs(matrix[pivot, column]))
                    pivot = row;
            for (var k = 0; k < n && pivot != column; k++)
                (matrix[column, k], matrix[pivot, k]) = (matrix[pivot, k], matrix[column, k]);
            (x[column], x[pivot]) = (x[pivot], x[column]);
            for (var row = column + 1; row < n; row++)
            {
                var factor = matrix[row, column] / matrix[column, column];
                for (var k = column; k < n; k++)
                    matrix[row, k] -= factor * matrix[column, k];
                x[row] -= factor * x[column];
            }
        }
        for (var row = n - 1; row >= 0; row--)
        {
            for (var k = row + 1; k < n; k++)
                x[row] -= matrix[row, k] * x[k];
            x[row] /= matrix[row, row];
        }
        return x;
    }

    private static int Reached(double[,] wins, Func<int, int, bool> linked)
    {
        var n = wins.GetLength(0);
        if (n == 0)
            return 0;
        var seen = new HashSet<int> { 0 };
        var open = new Stack<int>(seen);
        while (open.TryPop(out var i))
            for (var j = 0; j < n; j++)
                if (i != j && linked(i, j) && seen.Add(j))
                    open.Push(j);
        return seen.Count;
    }
}
