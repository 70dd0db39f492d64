// Things to try: each is a state, and one line on what to look for.

export const EXAMPLES = [
  ["A straight line cannot separate a circle", "net.hidden=", "no hidden layer, two inputs"],
  ["… but its squares can", "net.hidden=&features=x1~x2~x1^2~x2^2", "the same, with x₁² and x₂²"],
  ["Three neurons are enough", "net.hidden=3&net.activations=tanh", "each contributes one line"],
  ["The spiral", "data=spirals", "needs two layers of neurons"],
  ["Overfitting", "data=moons&noise=0.4&samples=60&net.hidden=32~32&net.activations=relu~relu&net.learning_rate=0.01&pace=100", "watch the test loss rise"],
  ["Steps that are too long", "data=plane&net.optimizer=sgd&net.learning_rate=3", "it diverges; take a smaller rate"],
  ["A curve", "data=sine", "one input, one number"],
  ["Ten digits", "data=digits", "a slice of 64 dimensions"],
  ["SGD beside Adam", "networks=2&net.optimizer=sgd&net.learning_rate=0.03", "two networks, the same data"],
];
