// Things to try: each is a state, and one line on what to look for.

export const EXAMPLES = [
  ["A straight line cannot part a circle", "net.hidden=", "no hidden layer, two inputs"],
  ["… but its squares can", "net.hidden=&features=x1~x2~x1^2~x2^2", "the same, with x₁² and x₂²"],
  ["Three neurons are enough", "net.hidden=3&net.activations=tanh", "each draws one line"],
  ["The spiral", "data=spirals&net.hidden=16~16&net.activations=tanh~tanh&net.learning_rate=0.01&pace=100", "needs more neurons, and time"],
  ["Overfitting", "data=moons&noise=0.4&samples=60&net.hidden=32~32&net.activations=relu~relu&pace=100", "watch the test loss rise"],
  ["Steps that are too long", "data=plane&net.optimizer=sgd&net.learning_rate=3", "it diverges; take a smaller rate"],
  ["A curve", "data=sine&net.hidden=16~16&net.activations=tanh~tanh", "one input, one number"],
  ["Ten digits", "data=digits&net.hidden=32&net.activations=relu&net.learning_rate=0.003", "a slice of 64 dimensions"],
  ["SGD beside Adam", "networks=2&net.optimizer=sgd&net.learning_rate=0.03", "two networks, the same data"],
];
